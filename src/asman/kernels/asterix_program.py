"""What ASTERIX records look like, as numbers: the program that reader and writer of records run by.

`asman.wire.asterix.layout` makes one for each edition of each category from the published specification.

    head        UAPS, FRNS, SELECTOR (node, column), CHOSEN (count), CARRY (group of the source, -1 none),
                FIXED (octets of an FSPEC without FX bits, eight items each; 0: as the standard has it),
                GROUP_KINDS (where the kinds of all groups stand);
                then for each UAP the octets that its FSPEC may have, then its nodes by field reference number
                (-1 undefined), then the UAP of each value of the selector (-1 none). A node is an index:
    PARTS       number of parts; each: octets, group, ends in FX?, leaves, leaves with spares; leaves
    REPETITIVE  octets of the count (0: FX), octets of one, repetition, group, column of the count, number of
                leaves; leaves
    EXPLICIT    column, group
    COMPOUND    octets its FSPEC may have, number of subitems; nodes of the subitems (-1 undefined); for each
                octet of the FSPEC the bits that are undefined
    RFS         column, group
    leaf        octet in its part, left shift, right shift, column, kind

Source: EUROCONTROL-SPEC-0149, ASTERIX Part 1, edition 3.1, sections 4 and 5.
"""

# Kinds of node.
PARTS, REPETITIVE, EXPLICIT, COMPOUND, RFS = 0, 1, 2, 3, 4
# Kinds of leaf. A stretch is a piece of the buffer: where it begins, times 2^16, plus its octets; WHOLE is
# one of any number of octets, which is a group of its own (EXPLICIT, RFS).
UNSIGNED, SIGNED, STRETCH, WHOLE = 0, 1, 2, 3
STRETCH_BITS = 16

# Kinds of group, by what its places say: see `asman.kernels.asterix_memory`.
PLACED, STRETCHED, REPEATED = 0, 1, 2

# Places in the program's head.
UAPS, FRNS, SELECTOR, CHOSEN, CARRY, FIXED, GROUP_KINDS, HEAD = 0, 1, 2, 4, 5, 6, 7, 8
# Lengths of what the program holds.
PART, LEAF = 5, 5

# Places in the notes: where reading goes on (block, octet or 0), the place of the source that was carried,
# the latest failure (octet, node), the octets that decided how the record at hand is made (how many; of each
# where it lies, times 256, and which bits), whether places of all rows of the batch are written; then the
# children of each repetition, then which groups are filled.
BLOCK, AT, CARRIED, FAULT, FAULT_NODE, LOGGED, PLACED_ALL, LOG = 0, 1, 2, 3, 4, 5, 6, 7
LOGS = 128
NOTES = LOG + LOGS

# Reasons to give up a record, and with it the rest of its block.
CUT, FSPEC_LONG, FSPEC_OPEN, UNDEFINED, LAST_FX, EXPLICIT_SIZE, RFS_ITEM, UAP, EMPTY = (
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    9,
)
# Not the data's fault: there is no room for more children; empty it and come back to the same record.
HEAP_FULL = 100
