"""The sandbox's process, from start to stop, and what all its rooms share.

:mod:`.control` starts, finds and stops the :mod:`.process`, which runs the :mod:`.server`; that
opens the :mod:`.ports` in front of the :mod:`.surfaces` and of the emulated AWS. :mod:`.state` is
what a running sandbox leaves for others to find, :mod:`.store` its SQLite file, :mod:`.world` what
all parts share (with the :mod:`.clock`), :mod:`.faults` trouble on purpose
(``sandbox start --faults``), :mod:`.administration` people and keys added from the command line,
:mod:`.config_file` the settings file that a sandbox offers. ``sandbox start`` goes through control,
process and server in this order.
"""
