"""What runs beside student code: the standard library, NumPy and `grader.wire`, nothing else.

Theory of operation. The grader never forks a worker from itself, for its memory holds the answers. It executes a **zygote**: a fresh
interpreter that knows nothing, imports NumPy and the staff's probes once (`probes`), and forks a **worker** whenever it is asked to
(`zygote`). A worker closes every descriptor but four, puts the isolation layers in force one after the other, says hello (`startup`),
and then answers requests until its socket closes (`serve`): it imports the submission's modules (`imports`), calls what it is told to
call (`session`), turns what comes back into values that cross (`convert`), and exceptions into plain records (`errors`). The zygote is
a subreaper: what a worker leaves behind comes back to it and is killed (`sweep`).

Nothing that a worker says is believed: student code shares its process and can change every byte of it. So the code here aims at
honest submissions (short paths, clear errors); safety lies in the layers and in the trusted side.
"""
