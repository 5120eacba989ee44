"""What the product costs and how fast it is, measured; run as `python -m bench`."""

import sys
from pathlib import Path

# So that it runs from a checkout, without installing the layer's package.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "layers" / "trueup"))
