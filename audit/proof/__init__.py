"""Proof that an entry is in the log, and that the log only ever grew.

Pure: bytes in, bytes or ProofError out.

The server writes proofs with this package, and the offline verifier is this package: there is one
implementation to read, to fuzz and to trust. It needs Python and nothing else, so this folder can be
copied away and run alone (`python -m proof FILE`).

    from audit.proof import bundle

    report = bundle.verify_bundle(bundle.loads(raw), vkeys=["log.example+0b9ef1d2+AWJ…"])
    print(report.origin, report.size, [entry.index for entry in report.entries])

From the bottom up: `errors`, `encoding`, `canonical` (leaf bytes), `commitment` (hidden payloads), `ed25519`
(signatures), `merkle` and `multiproof` (the tree), `tiles` and `paths` (how it is stored), `note` and `checkpoint`
(signed heads), `cosignature`, `witness` and `policy` (who else has seen them), `shape`, `bundle` and `tlog_proof`
(proof files), `archive` and `export` (zip files), `jws` and `receipt` (signed receipts), `keyset` (when they signed).
What opens files, speaks HTTP and knows the time stands apart, beside `__main__`; all of it in one file is `verify.py`,
which every export carries.
"""
