"""Drawing only: no arithmetic on numbers, no SQL, no vendors."""
