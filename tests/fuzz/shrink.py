"""Make a failing batch small: fewer inputs, fewer octets, plainer octets."""

from collections.abc import Callable

Fails = Callable[[list[bytes]], bool]


def shrink(inputs: list[bytes], fails: Fails, tries: int = 400) -> list[bytes]:
    """The smallest batch found in so many tries that still fails."""
    left = [tries]

    def still(candidate: list[bytes]) -> bool:
        if left[0] <= 0:
            return False
        left[0] -= 1
        return fails(candidate)

    inputs = _fewer(inputs, still)
    for place in range(len(inputs)):
        inputs = _shorter(inputs, place, still)
        inputs = _plainer(inputs, place, still)
    return inputs


def _fewer(inputs: list[bytes], still: Fails) -> list[bytes]:
    size = len(inputs) // 2
    while size:
        at = 0
        while at < len(inputs):
            some = inputs[:at] + inputs[at + size :]
            if some and still(some):
                inputs = some
            else:
                at += size
        size //= 2
    return inputs


def _shorter(inputs: list[bytes], place: int, still: Fails) -> list[bytes]:
    size = len(inputs[place]) // 2
    while size:
        at = 0
        while at < len(inputs[place]):
            one = inputs[place]
            some = [*inputs[:place], one[:at] + one[at + size :], *inputs[place + 1 :]]
            if still(some):
                inputs = some
            else:
                at += size
        size //= 2
    return inputs


def _plainer(inputs: list[bytes], place: int, still: Fails) -> list[bytes]:
    for at in range(min(len(inputs[place]), 64)):
        one = inputs[place]
        some = [*inputs[:place], one[:at] + b"\0" + one[at + 1 :], *inputs[place + 1 :]]
        if one[at] and still(some):
            inputs = some
    return inputs
