"""Removing files that programs made, whatever permissions they set."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path


def remove_tree(root: Path) -> None:
    """Remove a folder with everything in it, even where a program removed the permission to.

    Raises:
        OSError: it cannot be removed.

    """
    try:
        shutil.rmtree(root)
    except FileNotFoundError:
        return
    except PermissionError:
        root.chmod(stat.S_IRWXU)
        for folder, names, _ in os.walk(root):
            for path in (Path(folder, name) for name in names):
                if not path.is_symlink():
                    path.chmod(stat.S_IRWXU)
        shutil.rmtree(root)
