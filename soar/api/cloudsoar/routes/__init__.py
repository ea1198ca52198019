"""The routes of this door, by the parts of the contract (§4)."""
