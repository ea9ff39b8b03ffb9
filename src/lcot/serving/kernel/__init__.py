"""The event kernel: the only simulation loop in the project.

Between events the running batch is fixed, so the decode steps until the next event are advanced at once: their
time is linear in the context, hence quadratic in their number. The files of this folder are one compiled unit;
`native.py` keys its machine code by a hash of them all, and none imports anything from outside the folder.
"""
