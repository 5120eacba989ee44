"""Why a row differs: causes with their evidence, and what is left unexplained."""
