from asman.errors import ConfigError, InputError, nearest


def test_a_message_names_the_item_the_problem_and_the_mend():
    error = InputError("s.toml: sensor[2].period_s", "needs a positive number, got -4", "Write seconds")
    assert str(error) == "s.toml: sensor[2].period_s: needs a positive number, got -4. Write seconds"


def test_the_mend_may_be_absent():
    assert str(ConfigError("node.toml", "is empty")) == "node.toml: is empty"


def test_nearest_names_the_word_that_was_meant():
    assert nearest("perod_s", ["period_s", "range_max_m"]) == "Did you mean 'period_s'?"


def test_nearest_lists_what_is_known_when_nothing_is_near():
    assert nearest("zzzz", ["b", "a"]) == "Known: a, b"
