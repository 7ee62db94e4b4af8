"""Datasets as folders of plain files, with the ids that the platform would give them.

:mod:`.dataset_folders` scans them (:mod:`.scan_folder`), :mod:`.tree` changes them,
:mod:`.file_types` knows what the platform calls a file.
"""
