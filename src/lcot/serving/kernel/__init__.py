"""The event kernel: the only simulation loop in the project."""
