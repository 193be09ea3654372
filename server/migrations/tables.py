"""Every table of the server, imported so that the metadata is complete. One line per room."""

from server.core import audit, jobs, leader
from server.blobs import tables as blobs
from server.facts import tables as facts
from server.feed import tables as feed
from server.fleet import tables as fleet
from server.people import tables as people
from server.proofs import tables as proofs

ROOMS = (audit, jobs, leader, people, fleet, blobs, facts, feed, proofs)
