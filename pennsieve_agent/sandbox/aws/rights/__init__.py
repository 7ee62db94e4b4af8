"""Rights in the emulated account: policies are checked, and refused, as AWS does.

:mod:`.signatures` checks Signature Version 4, :mod:`.principals` whose key it was and what its
policies say, :mod:`.required_rights` which actions on which resources an operation needs,
:mod:`.policy_check` refuses what the policies do not give; :mod:`.used_rights` writes down what was
used, for the tests of least privilege; :mod:`.role_sessions` are credentials that services get.
"""
