"""Compile the published ASTERIX specifications into the data file that Asman ships.

    .venv/bin/python tools/compile_asterix.py            write the file
    .venv/bin/python tools/compile_asterix.py --check    say whether it is up to date

The package `libasterix` (module `asterix`, a development dependency only) carries the specifications as
classes. This walks them and writes the tree that `asman.wire.asterix.specification` describes.
"""

import sys
import zlib
from importlib.metadata import distribution
from pathlib import Path
from typing import Any, Literal

import msgspec
from asterix import base, generated

from asman.wire.asterix.specification import (
    FILE,
    RFS,
    Cases,
    Compound,
    Content,
    Edition,
    Element,
    Explicit,
    Extended,
    Group,
    Member,
    Named,
    Repetitive,
    Selector,
    Specifications,
    Uap,
    Variation,
)
from asman.wire.asterix.specification import Path as LeafPath

FOLDER = Path(__file__).resolve().parent.parent / "src" / "asman" / "wire" / "asterix"
NOTICE = "specifications.NOTICE"
CHARACTERS: dict[str, Literal["ascii", "icao", "octal"]] = {
    "StringAscii": "ascii",
    "StringICAO": "icao",
    "StringOctal": "octal",
}


class Pool:
    """Distinct things in order of first appearance, referred to by index."""

    def __init__(self) -> None:
        self.things: list[Any] = []
        self.places: dict[bytes, int] = {}

    def place(self, thing: Any) -> int:
        """Return the index of `thing`, adding it when it is new."""
        key = msgspec.json.encode(thing)
        if key not in self.places:
            self.places[key] = len(self.things)
            self.things.append(thing)
        return self.places[key]


class Compiler:
    """Walks the classes of libasterix; the pools are what it has met."""

    def __init__(self) -> None:
        self.contents = Pool()
        self.variations = Pool()

    def content(self, spec: Any) -> int:
        """Place one content."""
        signed = getattr(spec, "cv_signedness", None) is base.Signed
        if issubclass(spec, base.ContentTable):
            content = Content(kind="table", values=dict(sorted(spec.cv_values.items())))
        elif issubclass(spec, base.ContentQuantity):
            content = Content(kind="quantity", signed=signed, lsb=float(spec.cv_lsb), unit=spec.cv_unit)
        elif issubclass(spec, base.ContentInteger):
            content = Content(kind="integer", signed=signed)
        elif issubclass(spec, base.ContentString):
            content = Content(kind="string", characters=CHARACTERS[spec.cv_string_type.__name__])
        elif issubclass(spec, base.ContentBds):
            content = Content(kind="bds")
        elif issubclass(spec, base.ContentRaw):
            content = Content(kind="raw")
        else:
            raise TypeError(f"libasterix has a content that this compiler does not know: {spec}")
        return self.contents.place(content)

    def element(self, spec: Any) -> Element:
        """Compile a leaf."""
        rule = spec.cv_rule
        if issubclass(rule, base.RuleContentDependent):
            cases = tuple((tuple(values), self.content(case)) for values, case in rule.cv_cases)
            return Element(
                spec.cv_bit_size, self.content(rule.cv_default_content), _paths(rule.cv_depends_on), cases
            )
        return Element(spec.cv_bit_size, self.content(rule.cv_content))

    def member(self, spec: Any) -> Member:
        """Compile a member of a group or of an extended item's part."""
        return spec.cv_bit_size if issubclass(spec, base.Spare) else self.named(spec.cv_non_spare)

    def variation(self, spec: Any) -> int:
        """Compile a variation and place it."""
        done: Variation
        if issubclass(spec, base.Element):
            done = self.element(spec)
        elif issubclass(spec, base.Group):
            done = Group(tuple(self.member(member) for member, _ in spec.cv_items_list))
        elif issubclass(spec, base.Extended):
            done = Extended(
                tuple(
                    tuple(None if one is None else self.member(one[0]) for one in part)
                    for part in spec.cv_items_list
                )
            )
        elif issubclass(spec, base.Repetitive):
            done = Repetitive(spec.cv_rep_bytes, self.variation(spec.cv_variation))
        elif issubclass(spec, base.Explicit):
            done = Explicit(_purpose(spec.cv_explicit_type))
        elif issubclass(spec, base.Compound):
            done = Compound(
                spec.cv_fspec_max_bytes,
                tuple(None if sub is None else self.named(sub) for sub in spec.cv_items_list),
            )
        else:
            raise TypeError(f"libasterix has a variation that this compiler does not know: {spec}")
        return self.variations.place(done)

    def named(self, spec: Any) -> Named:
        """Compile a named item."""
        rule = spec.cv_rule
        if issubclass(rule, base.RuleVariationDependent):
            cases: Cases = tuple((tuple(values), self.variation(case)) for values, case in rule.cv_cases)
            variation = self.variation(rule.cv_default_variation)
            return Named(spec.cv_name, spec.cv_title, variation, _paths(rule.cv_depends_on), cases)
        return Named(spec.cv_name, spec.cv_title, self.variation(rule.cv_variation))

    def uap(self, name: str, record: Any) -> Uap:
        """Compile one User Application Profile."""
        items: list[Any] = []
        for item in record.cv_items_list:
            if issubclass(item, base.UapItem):
                items.append(self.named(item.cv_non_spare))
            else:
                items.append(RFS if issubclass(item, base.UapItemRFS) else None)
        return Uap(name, record.cv_fspec_max_bytes, tuple(items))

    def edition(self, spec: Any) -> Edition:
        """Compile one edition of a category."""
        name = ".".join(str(part) for part in spec.cv_edition)
        profile = spec.cv_uap
        if issubclass(profile, base.UapSingle):
            return Edition(name, (self.uap("", profile.cv_record),))
        uaps = tuple(self.uap(key, record) for key, record in profile.cv_uaps.items())
        path, chosen = profile.cv_selector
        return Edition(name, uaps, Selector(tuple(path), dict(chosen)))

    def expansion(self, spec: Any) -> Edition:
        """Compile one edition of what a category's Reserved Expansion field holds."""
        name = ".".join(str(part) for part in spec.cv_edition)
        kind, octets = spec.cv_expansion.cv_type
        items = tuple(None if one is None else self.named(one) for one in spec.cv_expansion.cv_items_list)
        fixed = octets if kind is base.FspecFixed else 0
        return Edition(name, (Uap("", octets, items),), fixed_octets=fixed)


def _number(spec: Any) -> tuple[int, int]:
    return spec.cv_edition


def _paths(depends: Any) -> tuple[LeafPath, ...]:
    return tuple(tuple(path) for path in depends)


def _purpose(explicit: Any) -> str:
    return {base.ReservedExpansion: "RE", base.SpecialPurpose: "SP"}.get(explicit, "")


def compile_all() -> bytes:
    """Return the JSON of every category and edition."""
    compiler = Compiler()
    categories = {
        category: tuple(compiler.edition(spec) for spec in sorted(editions, key=_number))
        for category, editions in sorted(generated.manifest["CATS"].items())
    }
    expansions = {
        category: tuple(compiler.expansion(spec) for spec in sorted(editions, key=_number))
        for category, editions in sorted(generated.manifest["REFS"].items())
    }
    source = f"libasterix {distribution('libasterix').version}"
    everything = Specifications(
        source,
        tuple(compiler.contents.things),
        tuple(compiler.variations.things),
        categories,
        expansions,
    )
    return msgspec.json.encode(everything)


def notice() -> str:
    """Return the notice under which the specifications' data may be passed on."""
    package = distribution("libasterix")
    texts = [file for file in package.files or [] if file.name == "LICENSE"]
    license_text = Path(str(package.locate_file(texts[0]))).read_text()
    return (
        f"{FILE} is compiled from the ASTERIX specifications as data of libasterix {package.version}\n"
        "(https://github.com/zoranbosnjak/asterix-libs, https://github.com/zoranbosnjak/asterix-specs):\n\n"
        f"{license_text}"
    )


def main(arguments: list[str]) -> int:
    """Write the file, or compare it when asked to."""
    made = compile_all()
    target = FOLDER / FILE
    if "--check" in arguments:
        same = target.is_file() and zlib.decompress(target.read_bytes()) == made
        print("up to date" if same else f"{target} differs: run .venv/bin/python tools/compile_asterix.py")
        return 0 if same else 1
    target.write_bytes(zlib.compress(made, 9))
    (FOLDER / NOTICE).write_text(notice())
    print(f"{target}: {len(made):,} octets of JSON, {target.stat().st_size:,} packed")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
