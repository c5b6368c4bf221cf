"""Reads ASTERIX with libasterix, and names what it finds as Asman's tables do: it shares no code."""

from typing import Any

from asterix import base, generated

UNITS = {
    "": "", "s": "_s", "ms": "_ms", "ns": "_ns", "fs": "_fs", "°": "_deg", "°/s": "_degps", "m": "_m",
    "NM": "_NM", "ft": "_ft", "FL": "_FL", "m/s": "_mps", "m/s²": "_mps2", "ft/min": "_ftpmin",
    "NM/s": "_NMps", "kt": "_kt", "Mach": "_Mach",
    "°C": "_degC", "mb": "_mb", "%": "_percent", "dB": "_dB", "dBm": "_dBm", "dBµV": "_dBuV",
    "MHz": "_MHz", "hPa": "_hPa", "ALTFL": "_FL", "dBm²": "_dBm2", "m²": "_m2",
}  # fmt: skip


def edition_of(category: int, edition: str) -> Any:
    return next(
        one for one in generated.manifest["CATS"][category] if ".".join(map(str, one.cv_edition)) == edition
    )


def parse(category: int, edition: str, block: bytes) -> tuple[list[tuple[bytes, dict[str, Any]]], bool]:
    """Return (octets, values) of every record up to the first that fails, and whether one failed."""
    profile = edition_of(category, edition).cv_uap
    bits = base.Bits.from_bytes(block[3:])
    found = []
    while len(bits):
        result = _record(profile, bits)
        if isinstance(result, ValueError) or _holds_nothing(result[0]):
            return found, True
        record, bits = result
        found.append((record.unparse().to_bytes(), values(record)))
    return found, False


def _holds_nothing(record: Any) -> bool:
    """No item at all, or, stricter than libasterix, none but items of subitems that name no subitem."""
    items = record.items_regular.values()
    inner = [getattr(one.arg, "arg", None) for one in items]
    empty = all(isinstance(one, base.Compound) and one.is_empty() for one in inner)
    return empty and not record.items_rfs


def _strict(kind: Any, bits: Any) -> Any:
    try:
        return kind._parse(base.ParsingMode.StrictParsing, bits)
    except TypeError:  # libasterix stumbles over FSPEC bits behind the last item
        return ValueError("fx bit set behind the last item")


def _record(profile: Any, bits: Any) -> Any:
    if hasattr(profile, "cv_record"):
        return _strict(profile.cv_record, bits)
    path, uaps = profile.cv_selector
    results = {name: _strict(kind, bits) for name, kind in profile.cv_uaps.items()}
    readable = {name: one for name, one in results.items() if not isinstance(one, ValueError)}
    for name, result in readable.items():
        item = result[0]._get_item(path[0])
        if item is None:
            continue
        variation = item.arg.arg
        for step in path[1:]:
            variation = variation._get_item(step)
            variation = getattr(variation, "arg", variation)
        if uaps.get(variation.as_uint()) == name:
            return result
    if len(readable) == len(results):
        kinds = {
            str({key: type(item) for key, item in one[0].items_regular.items()}) for one in readable.values()
        }
        unselected = all(one[0]._get_item(path[0]) is None for one in readable.values())
        if unselected and len(kinds) == 1 and not any(one[0].items_rfs for one in readable.values()):
            return next(iter(readable.values()))  # nothing but what means the same in every UAP
    return ValueError("no UAP fits")


def values(record: Any) -> dict[str, Any]:
    """Flatten a record into columns."""
    out: dict[str, Any] = {}
    for name, item in record.items_regular.items():
        _add(out, "I" + name if name.isdigit() else name, item.arg)
    for several in record.items_rfs:
        for name, item in several or ():
            full = "I" + name if name.isdigit() else name
            if not any(key.split("/")[0].split("_")[0] == full for key in out):  # the first of an item counts
                _add(out, full, item.arg)
    return {key: value for key, value in _resolved(out).items() if value is not None}


def _resolved(out: dict[str, Any]) -> dict[str, Any]:
    """Give leaves whose meaning depends on another leaf the meaning that applies."""
    done: dict[str, Any] = {}
    for name, value in out.items():
        if not isinstance(value, tuple):
            done[name] = value
            continue
        rule, raw = value
        keys = [out.get("I" + "/".join(path)) for path in rule.cv_depends_on]
        kinds = [content for case, content in rule.cv_cases if case == keys]
        if any(issubclass(content, base.ContentQuantity) for _, content in rule.cv_cases):
            if kinds:
                done[name + UNITS[kinds[0].cv_unit]] = raw * kinds[0].cv_lsb
        else:
            done[name] = raw
    return done


def _add(out: dict[str, Any], name: str, rule: Any) -> None:
    if isinstance(rule, base.RuleVariationDependent):
        out[name] = base.Bits.to_uinteger(rule.bs)
        return
    variation = rule.arg
    if isinstance(variation, base.Element):
        _leaf(out, name, variation)
    elif isinstance(variation, base.Group):
        _members(out, name, variation.arg)
    elif isinstance(variation, base.Extended):
        for part in variation.arg:
            _members(out, name, part)
    elif isinstance(variation, base.Repetitive):
        repeated = [_child(one) for one in variation.arg]
        unit = _own_unit(type(variation).cv_variation)
        out[name + unit] = [one[unit] if set(one) == {unit} else one for one in repeated]
    elif isinstance(variation, base.Explicit):
        out[name] = variation.get_bytes()
    elif isinstance(variation, base.Compound):
        for sub, item in variation.arg.items():
            _add(out, f"{name}/{sub}", item.arg)
    else:
        raise TypeError(type(variation))


def _own_unit(kind: Any) -> str:
    if not issubclass(kind, base.Element):
        return ""
    content = getattr(kind.cv_rule, "cv_content", None)
    return UNITS[content.cv_unit] if content is not None and issubclass(content, base.ContentQuantity) else ""


def _members(out: dict[str, Any], name: str, members: Any) -> None:
    for one in members:
        if isinstance(one, base.Item):
            _add(out, f"{name}/{one.arg.cv_name}", one.arg.arg)


def _child(variation: Any) -> dict[str, Any]:
    out: dict[str, Any] = {}
    if isinstance(variation, base.Element):
        _leaf(out, "", variation)
    else:
        _members(out, "", variation.arg)
    return {
        key.removeprefix("/"): value[1] if isinstance(value, tuple) else value for key, value in out.items()
    }


def _leaf(out: dict[str, Any], name: str, element: Any) -> None:
    rule = element._get_rule()
    if isinstance(rule, base.RuleContentDependent):
        out[name] = (type(rule), element.as_uint())
        return
    content = rule._get_content()
    kind = type(content)
    if isinstance(content, base.ContentQuantity):
        out[name + UNITS[kind.cv_unit]] = content._as_quantity()
    elif isinstance(content, base.ContentInteger):
        out[name] = content.as_integer()
    elif isinstance(content, base.ContentString) and kind.cv_string_type is not base.StringOctal:
        text = "".join(one for one in content.as_string() if 32 <= ord(one) < 127)
        out[name] = text.rstrip()
    elif len(element.bs) > 64:
        out[name] = element.bs.to_bytes()
    else:
        out[name] = element.as_uint()
