"""`make run`: a demo seller with three channels, set up and reconciled before your eyes."""

from local.demo.show import run

__all__ = ["run"]
