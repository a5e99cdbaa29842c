"""Mini-batches."""

import numpy as np

from .building import find_constructor, read_global_state, tell


def drawn_batches(x, y, batch_size, seeds):
    """The batches of `minibatches` for each seed (None: without one), cut after as many as there are samples, and two more.

    NumPy's global random state is another one each time; it is read before and after.
    """
    answer = []
    for position, seed in enumerate(seeds):
        np.random.seed(2000 + position)
        before = read_global_state()
        batches = []
        for batch in find_constructor(("data", "minibatches"))(x, y, batch_size, **({} if seed is None else {"seed": seed})):
            x_batch, y_batch = batch
            batches.append([tell(x_batch), tell(y_batch)])
            if len(batches) == len(x) + 2:
                break
        answer.append({"batches": batches, "before": before, "after": read_global_state()})
    return answer
