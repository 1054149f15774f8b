"""VCP in Python, as the documents of the conformance suite describe it.

reading and writing   json_text, model, read, write, numbers, times, faults
validation            validate, structure, message, rules
checksums             checksums, legacy
migration             migrate, dialects, migrate_up, upgrade_rules, perceived, consent,
                      migrate_down, reverse_rules, migrate_back, stash, report, tree, equality
single values         normalize
the protocol          requests, suite
"""
