"""Rows of volumes, claims to them, and storage classes."""

from __future__ import annotations

from headlamp.demo.cluster.jsontypes import Json, dig
from headlamp.demo.cluster.printing.cells import AGE, NAME, UNSET, Cell, Column, Printer, age, name

_DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
_MODES = {
    "ReadWriteOnce": "RWO",
    "ReadOnlyMany": "ROX",
    "ReadWriteMany": "RWX",
    "ReadWriteOncePod": "RWOP",
}


def _modes(values: list[str] | None) -> str:
    return ",".join(short for mode, short in _MODES.items() if mode in (values or []))


def _claim(claim: Json) -> tuple[Cell, ...]:
    spec, status = claim["spec"], claim.get("status", {})
    bound = bool(spec.get("volumeName"))
    return (
        name(claim),
        "Terminating" if dig(claim, "metadata", "deletionTimestamp") else status.get("phase", ""),
        spec.get("volumeName", ""),
        str(dig(status, "capacity", "storage") or "") if bound else "",
        _modes(status.get("accessModes")) if bound else "",
        spec.get("storageClassName", ""),
        spec.get("volumeAttributesClassName") or UNSET,
        age(claim),
        spec.get("volumeMode", "Filesystem"),
    )


def _volume(volume: Json) -> tuple[Cell, ...]:
    spec, claim = volume["spec"], dig(volume, "spec", "claimRef")
    return (
        name(volume),
        str(dig(spec, "capacity", "storage") or ""),
        _modes(spec.get("accessModes")),
        spec.get("persistentVolumeReclaimPolicy", ""),
        dig(volume, "status", "phase") or "",
        f"{claim['namespace']}/{claim['name']}" if claim else "",
        spec.get("storageClassName", ""),
        spec.get("volumeAttributesClassName") or UNSET,
        dig(volume, "status", "reason") or "",
        age(volume),
        spec.get("volumeMode", "Filesystem"),
    )


def _storage_class(obj: Json) -> tuple[Cell, ...]:
    default = (dig(obj, "metadata", "annotations") or {}).get(_DEFAULT_CLASS) == "true"
    return (
        f"{name(obj)} (default)" if default else name(obj),
        obj["provisioner"],
        obj.get("reclaimPolicy", "Delete"),
        obj.get("volumeBindingMode", "Immediate"),
        "true" if obj.get("allowVolumeExpansion") else "false",
        age(obj),
    )


_ACCESS = Column("Access Modes", "How nodes may mount the volume.")
_CAPACITY = Column("Capacity", "The size of the volume.")
_CLASS = Column("StorageClass", "The storage class.")
_ATTRIBUTES = Column("VolumeAttributesClass", "The class of the volume's changeable attributes.")
_MODE = Column("VolumeMode", "Whether the volume is a file system or a block device.", wide=True)

CLAIM = Printer(
    (
        NAME,
        Column("Status", "The phase of the claim."),
        Column("Volume", "The volume that the claim is bound to."),
        _CAPACITY,
        _ACCESS,
        _CLASS,
        _ATTRIBUTES,
        AGE,
        _MODE,
    ),
    _claim,
)
VOLUME = Printer(
    (
        NAME,
        _CAPACITY,
        _ACCESS,
        Column("Reclaim Policy", "What becomes of the volume when its claim goes."),
        Column("Status", "The phase of the volume."),
        Column("Claim", "The claim that the volume is bound to."),
        _CLASS,
        _ATTRIBUTES,
        Column("Reason", "Why the volume is in its phase."),
        AGE,
        _MODE,
    ),
    _volume,
)
STORAGE_CLASS = Printer(
    (
        NAME,
        Column("Provisioner", "What makes the volumes."),
        Column("ReclaimPolicy", "What becomes of a volume when its claim goes."),
        Column("VolumeBindingMode", "When a volume is made and bound."),
        Column("AllowVolumeExpansion", "Whether volumes can grow."),
        AGE,
    ),
    _storage_class,
)
