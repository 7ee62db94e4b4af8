"""What the emulated AWS does that moto does not.

moto keeps the resources of the emulated account and answers for them. Around it:

* :mod:`.wire` reads which operation of which service a request is;
* :mod:`.principals` finds whose key signed it, and what that role's policies say;
* :mod:`.asks` tells what rights the operation needs, and :mod:`.police` refuses what they do not
  give, in AWS's words; :mod:`.asked` writes down what was asked for;
* :mod:`.stacks` makes CloudFormation do with a node's stack what AWS does;
* :mod:`.functions` answers calls of Lambda functions, whose code :mod:`.runtimes` run;
* :mod:`.batch` and :mod:`.batch_api` run jobs, in :mod:`.containers` and with a :mod:`.job_log`;
* :mod:`.registry` is what engines push images to and pull them from, with sign-ins of
  :mod:`.registry_logins`; a real registry is behind it (:mod:`.registry_daemon`), and
  :mod:`.public_images` stands for the public one;
* :mod:`.events` delivers what rules match to the functions that they name.
"""
