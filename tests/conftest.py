"""What all tests share."""

pytest_plugins = ["tests.stack_fixture", "tests.vendure_fixture"]
