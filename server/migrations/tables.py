"""Every table of the server, imported so that the metadata is complete: one line per room."""
# ruff: noqa: F401

import server.backup.tables
import server.blobs.tables
import server.core.audit
import server.core.jobs
import server.core.leader
import server.core.once
import server.dispatch.tables
import server.facts.tables
import server.feed.tables
import server.fleet.tables
import server.imports.tables
import server.loops.tables
import server.people.tables
import server.plant.tables
import server.proofs.tables
import server.runs.tables
import server.sites.tables
import server.sync.tables
import server.travel.tables
