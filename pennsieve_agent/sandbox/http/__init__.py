"""Requests, routes and answers, and who may ask.

:mod:`.routing` has the request, the response and the routes of a surface. Sign-in is ours, not
moto's: moto signs its tokens with a private key that is published with it, so anybody could make
one, and gives them a fixed life, while the contract's traps are about tokens that expire. Ours are
signed with a key of each sandbox (:mod:`.tokens`) and have a JWKS at
``/<pool>/.well-known/jwks.json``: :mod:`.cognito` is the protocol, :mod:`.sign_in` the decisions,
:mod:`.authorizers` the gateways in front of v1 and v2, :mod:`.presigning` the addresses that need
no other credential, :mod:`.signed_addresses` those of files.
"""
