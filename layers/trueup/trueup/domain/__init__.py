"""Pure values and rules of stock reconciliation: no AWS, no clock, no environment."""
