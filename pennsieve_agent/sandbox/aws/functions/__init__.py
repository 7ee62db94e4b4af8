"""Lambda and EventBridge of the emulated account.

:mod:`.functions` answers calls, :mod:`.function_code` unpacks what was deployed, :mod:`.runtimes`
and :mod:`.runtime_loop` run it in processes of their own, :mod:`.events` delivers what rules match.
"""
