"""What an own node should be, as plain data. Pure: nothing here asks AWS or Pennsieve.

:mod:`.options` merges what was typed with what was there before; :mod:`.node_spec` is the result;
:mod:`.names` gives every AWS resource its name, from eight random hexadecimal digits and the
account; :mod:`.spec_json` writes the settings into the stack and the journal and reads them back;
:mod:`.organisation_rules` has what an organisation demands (a boundary, tags).
"""
