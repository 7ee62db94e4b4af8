"""Profiles and the keychain: the user's settings on this machine.

Profiles live where Pennsieve's existing tools keep theirs, ``~/.pennsieve/config.ini``, so a person
who used those is signed in here too. Three programs write that file, so this one is careful with
it: ``ini`` changes single lines and keeps every other byte, ``config_file`` replaces the file in
one step and keeps it private, and a file that cannot be understood is reported by line number and
left alone. Its content is never quoted, as any line of it may be a secret.

Secrets of new profiles go to the system's keychain (``keychain``, the only user of ``keyring``);
the file then holds the key's id alone. ``profiles.Settings`` decides which profile is meant: the
one asked for, else the environment's key, else ``PENNSIEVE_PROFILE``, else the file's default.
"""
