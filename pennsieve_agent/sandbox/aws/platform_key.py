"""The access key of the platform itself, and of the sandbox, for the emulated AWS.

It is made anew in each process and is written nowhere, so nobody outside can sign with it.
"""

from __future__ import annotations

import secrets

KEY_ID = "AKIAPENNSIEVEINSIDER"
SECRET = secrets.token_urlsafe(30)
KEYS = {"aws_access_key_id": KEY_ID, "aws_secret_access_key": SECRET}
"""As arguments of boto3."""
