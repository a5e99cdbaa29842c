"""The catalogue of misconceptions as a teacher wants it: no family is absent, every sentence helps, and says where to read on."""

from __future__ import annotations

import re
from itertools import combinations

import pytest

from grader.model.assignment import find_assignment
from grader.model.misconception import load_misconceptions

BUGS = load_misconceptions(find_assignment("pytorchnano").folder / "misconceptions")

LECTURES = (
    "Layers: what a layer keeps, returns and refuses",
    "Layers: the dense layer",
    "Layers: the dense layer's backward pass",
    "Layers: the convolution",
    "Layers: the convolution's backward pass",
    "Layers: pooling",
    "Layers: pooling's backward pass",
    "Layers: flatten",
    "Layers: batch normalisation",
    "Layers: batch normalisation's backward pass",
    "Layers: dropout",
    "Activations: rectifiers",
    "Activations: sigmoid and tanh",
    "Activations: softmax and its Jacobian",
    "Activations: maxout",
    "Activations: powers that overflow",
    "Losses: where the mean is taken",
    "Losses: squared error",
    "Losses: cross-entropy from logits",
    "Losses: cross-entropy of probabilities",
    "Losses: binary cross-entropy",
    "Losses: the hinge loss",
    "Optimizers: gradient descent",
    "Optimizers: weight decay",
    "Optimizers: momentum and Nesterov",
    "Optimizers: Adam",
    "Optimizers: Nadam",
    "Network: layers in a row",
    "Network: training and evaluation",
    "Network: prediction and accuracy",
    "Network: the training loop",
    "Network: saving and loading",
    "Data: minibatches",
    "Data: one-hot labels",
    "Data: reading MNIST",
    "Visualize: filters and their responses",
)
"""The parts of the course in their order, under the names of the reference's modules."""

FAMILIES: dict[str, tuple[str, ...]] = {
    "1/N missing": (
        "mse.gradient_not_averaged",
        "cross_entropy.gradient_not_averaged",
        "cross_entropy.not_averaged",
        "binary_cross_entropy.gradient_not_averaged",
    ),
    "1/N doubled": (
        "mse.gradient_averaged_twice",
        "cross_entropy.gradient_averaged_twice",
        "binary_cross_entropy.gradient_averaged_twice",
        "hinge.gradient_averaged_twice",
        "dense.weight_gradient_averaged",
        "dense.input_gradient_averaged",
        "conv2d.weight_gradient_averaged",
        "batch_norm.parameter_gradients_averaged",
        "maxout.weight_gradient_averaged",
    ),
    "1/N over classes": ("cross_entropy.averaged_over_elements", "hinge.averaged_over_elements"),
    "1/N over pixels": ("conv2d.bias_gradient_averaged_over_pixels", "conv2d.weight_gradient_averaged_over_pixels"),
    "transposes that only shapes that are not square show": (
        "dense.weights_stored_out_by_in",
        "dense.bias_as_long_as_input",
        "maxout.weights_stored_out_by_in",
        "conv2d.output_sides_exchanged",
        "responses.sides_exchanged",
    ),
    "transpose left out": ("dense.input_gradient_not_transposed",),
    "bias summed over the wrong axis": (
        "dense.bias_gradient_over_features",
        "conv2d.bias_gradient_over_batch_alone",
        "maxout.bias_gradient_over_features",
        "batch_norm.parameter_gradients_over_batch_alone",
    ),
    "bias not summed": ("dense.bias_gradient_not_summed", "dense.bias_gradient_of_first_sample", "conv2d.bias_gradient_of_first_image"),
    "stride forward": (
        "conv2d.stride_sides_exchanged",
        "conv2d.stride_of_rows_for_both",
        "max_pool2d.default_stride_is_one",
        "max_pool2d.stride_of_rows_for_both",
        "avg_pool2d.stride_sides_exchanged",
        "avg_pool2d.stride_of_rows_for_both",
        "avg_pool2d.stride_ignored",
    ),
    "stride backward": (
        "conv2d.stride_ignored_in_backward",
        "conv2d.stride_sides_exchanged_in_backward",
        "conv2d.stride_of_rows_for_both_in_backward",
        "max_pool2d.stride_ignored_in_backward",
        "max_pool2d.stride_sides_exchanged_in_backward",
        "max_pool2d.stride_of_rows_for_both_in_backward",
        "avg_pool2d.stride_ignored_in_backward",
        "avg_pool2d.stride_sides_exchanged_in_backward",
    ),
    "padding forward": ("conv2d.padding_sides_exchanged", "conv2d.padding_of_rows_for_both", "conv2d.padding_on_one_side"),
    "padding backward": (
        "conv2d.padding_not_cut_off_in_backward",
        "conv2d.padding_cut_off_by_negative_index",
        "conv2d.padding_sides_exchanged_in_backward",
        "conv2d.padding_of_rows_for_both_in_backward",
    ),
    "window forward": (
        "conv2d.kernel_sides_exchanged",
        "conv2d.window_that_does_not_fit_kept",
        "conv2d.windows_counted_without_the_first",
        "max_pool2d.kernel_sides_exchanged",
        "max_pool2d.windows_counted_without_the_first",
        "avg_pool2d.kernel_sides_exchanged",
        "avg_pool2d.windows_counted_without_the_first",
    ),
    "window backward": (
        "conv2d.kernel_sides_exchanged_in_backward",
        "conv2d.overlapping_windows_overwrite",
        "max_pool2d.kernel_sides_exchanged_in_backward",
        "max_pool2d.place_in_window_taken_for_place_in_image",
        "max_pool2d.overlapping_windows_overwrite",
        "avg_pool2d.kernel_sides_exchanged_in_backward",
        "avg_pool2d.overlapping_windows_overwrite",
        "avg_pool2d.pixels_left_over_share_too",
    ),
    "kernel flipped": (
        "conv2d.kernel_flipped",
        "conv2d.kernel_flipped_in_forward_alone",
        "conv2d.input_gradient_not_flipped",
        "conv2d.weight_gradient_flipped",
    ),
    "ties sent to all maxima": ("max_pool2d.ties_share_whole_gradient",),
    "average without the area": ("avg_pool2d.gradient_without_area", "avg_pool2d.forward_without_area"),
    "diagonal softmax Jacobian": ("softmax.diagonal_of_jacobian",),
    "softmax over the wrong axis": (
        "softmax.over_first_axis",
        "softmax.over_second_axis",
        "softmax.over_whole_batch",
        "cross_entropy.softmax_over_batch",
    ),
    "missing max-subtraction": ("softmax.maximum_not_subtracted", "cross_entropy.maximum_not_subtracted"),
    "log of zero": ("cross_entropy.log_of_zero", "binary_cross_entropy.log_of_zero"),
    "target index off by one": ("cross_entropy.classes_counted_from_one", "hinge.classes_counted_from_one", "one_hot.classes_from_one"),
    "one-hot not handled": ("cross_entropy.rows_not_handled",),
    "hinge over the true class": ("hinge.right_class_counted",),
    "margin dropped": ("hinge.margin_dropped",),
    "hinge not averaged": ("hinge.not_averaged", "hinge.value_not_averaged", "hinge.gradient_not_averaged"),
    "eps misplaced": ("batch_norm.eps_outside_root", "batch_norm.eps_missing", "adam.eps_before_correction"),
    "biased and unbiased variance exchanged": ("batch_norm.unbiased_variance_normalises", "batch_norm.biased_variance_runs"),
    "running statistics moved the wrong way": ("batch_norm.running_statistics_move_the_wrong_way",),
    "running statistics not moved": ("batch_norm.running_statistics_stay",),
    "eval mode ignored": ("batch_norm.evaluation_ignored", "dropout.evaluation_ignored", "network.eval_misses_layers_without_parameters"),
    "BatchNorm's gradient without the path through the mean": ("batch_norm.gradient_without_mean_path",),
    "BatchNorm's gradient without the path through the variance": ("batch_norm.gradient_without_variance_path",),
    "BatchNorm's gradient without either": ("batch_norm.statistics_as_constants",),
    "dropout unscaled": ("dropout.not_scaled", "dropout.gradient_not_scaled"),
    "dropout scaled twice": ("dropout.scaled_twice", "dropout.gradient_scaled_twice", "dropout.scaled_in_evaluation"),
    "dropout redrawn in backward": ("dropout.redrawn_in_backward",),
    "grads added instead of set": (
        "dense.gradients_added",
        "conv2d.gradients_added",
        "batch_norm.gradients_added",
        "maxout.gradients_added",
    ),
    "stale cache": (
        "dense.input_remembered_once",
        "conv2d.input_remembered_once",
        "max_pool2d.input_remembered_once",
        "relu.input_remembered_once",
        "flatten.shape_remembered_once",
        "dropout.mask_of_last_training_kept",
    ),
    "input changed in place": (
        "relu.input_overwritten",
        "softmax.input_overwritten",
        "dropout.input_overwritten",
        "cross_entropy.prediction_overwritten",
        "sgd.gradient_overwritten",
    ),
    "parameters copied at construction": (
        "dense.parameters_copied_at_construction",
        "conv2d.parameters_copied_at_construction",
        "sgd.dicts_of_construction",
    ),
    "momentum's sign": ("momentum.uphill", "momentum.old_velocity_subtracted"),
    "dampened momentum": ("momentum.dampened",),
    "Nesterov without look-ahead": ("momentum.nesterov_ignored",),
    "bias correction missing": ("adam.no_bias_correction", "adam.first_moment_uncorrected", "adam.second_moment_uncorrected"),
    "bias correction off by one step": ("adam.correction_one_step_late", "nadam.correction_one_step_late"),
    "eps inside the root": ("adam.eps_inside_root", "nadam.eps_inside_root"),
    "weight decay on biases": ("sgd.weight_decay_on_biases", "momentum.weight_decay_on_biases", "adam.weight_decay_on_biases"),
    "weight decay missing": ("sgd.no_weight_decay", "momentum.no_weight_decay", "adam.no_weight_decay", "nadam.no_weight_decay"),
    "Nadam's two slips": ("nadam.gradient_uncorrected", "nadam.correction_of_next_step"),
    "optimizer state shared by layers": ("momentum.velocity_by_name", "adam.moments_by_name", "nadam.moments_by_name"),
    "last short batch dropped": ("minibatches.short_batch_dropped", "network.fit_drops_short_batch"),
    "no shuffle": ("minibatches.not_shuffled", "network.fit_not_shuffled"),
    "x shuffled without y": ("minibatches.x_shuffled_without_y", "network.fit_shuffles_x_alone"),
    "the same order every epoch": ("network.same_order_every_epoch",),
    "mean of batch means": ("network.mean_of_batch_means",),
    "accuracy in train mode": ("network.accuracy_in_train_mode", "network.predict_in_train_mode"),
    "mode not restored": ("network.modes_not_restored", "network.modes_all_set_to_train"),
    "labels as float": ("minibatches.labels_as_floats", "load_mnist.labels_as_floats"),
    "images not scaled": ("load_mnist.not_scaled",),
    "weights drawn where responses are due": ("response_pictures.weights_drawn", "responses.weights_returned"),
}
"""What a teacher asks for by name, and the entries that are it."""


@pytest.mark.parametrize("family", FAMILIES)
def test_family_is_there(family: str) -> None:
    assert [name for name in FAMILIES[family] if name not in BUGS] == []


def test_no_entry_is_in_two_families() -> None:
    pairs = combinations(FAMILIES.items(), 2)
    assert [(one, other) for (one, here), (other, there) in pairs if set(here) & set(there)] == []


@pytest.mark.parametrize("name", BUGS)
def test_sentence_is_said_as_to_a_student(name: str) -> None:
    hint = BUGS[name].hint
    assert 30 <= len(hint) <= 200
    sentences = re.split(r"(?<=[.?!]) (?=[A-Z])", hint)
    assert len(sentences) <= 2
    assert not re.search(r"self\.|np\.|xp\.|axis=|keepdims|->|==|\*\*|\[:", hint), "code of the solution has no place in a hint"


def test_sentences_of_an_item_differ() -> None:
    said = [(bug.item, bug.hint) for bug in BUGS.values()]
    assert len(set(said)) == len(said)


@pytest.mark.parametrize("name", BUGS)
def test_lecture_is_one_of_the_course(name: str) -> None:
    assert BUGS[name].lecture in LECTURES


def test_every_lecture_explains_something() -> None:
    assert {bug.lecture for bug in BUGS.values()} == set(LECTURES)
