"""The package type and file type of a file, by its extension (``contracts/core.md`` 3.9)."""

from __future__ import annotations

PACKAGE_TYPES = frozenset(
    {
        *("Image", "MRI", "Slide", "ExternalFile", "MSWord", "PDF", "CSV", "Tabular"),
        *("TimeSeries", "Video", "Unknown", "Collection", "Text", "Unsupported", "HDF5", "ZIP"),
    }
)

_BY_EXTENSION = {
    "csv": ("CSV", "CSV"),
    "tsv": ("Tabular", "TSV"),
    "xlsx": ("Tabular", "MSExcel"),
    "json": ("Text", "JSON"),
    "txt": ("Text", "Text"),
    "md": ("Text", "Markdown"),
    "pdf": ("PDF", "PDF"),
    "docx": ("MSWord", "MSWord"),
    "png": ("Image", "PNG"),
    "jpg": ("Image", "JPEG"),
    "jpeg": ("Image", "JPEG"),
    "gif": ("Image", "GIF"),
    "tif": ("Slide", "TIFF"),
    "tiff": ("Slide", "TIFF"),
    "dcm": ("MRI", "DICOM"),
    "nii": ("MRI", "NIFTI"),
    "nii.gz": ("MRI", "NIFTI"),
    "edf": ("TimeSeries", "EDF"),
    "bdf": ("TimeSeries", "BDF"),
    "nwb": ("TimeSeries", "NWB"),
    "h5": ("HDF5", "HDF5"),
    "hdf5": ("HDF5", "HDF5"),
    "mp4": ("Video", "MP4"),
    "mov": ("Video", "MOV"),
    "avi": ("Video", "AVI"),
    "zip": ("ZIP", "ZIP"),
}
_UNSUPPORTED = ("Unsupported", "GenericData")


def extension(name: str) -> str | None:
    """The text after the first dot that is a known type, else after the last dot; None without."""
    parts = name.lower().split(".")[1:]
    if not parts or not parts[-1]:
        return None
    double = ".".join(parts[-2:])
    return double if double in _BY_EXTENSION else parts[-1]


def package_type(name: str) -> str:
    """The package type of a file."""
    return _BY_EXTENSION.get(extension(name) or "", _UNSUPPORTED)[0]


def file_type(name: str) -> str:
    """The file type of a file."""
    return _BY_EXTENSION.get(extension(name) or "", _UNSUPPORTED)[1]
