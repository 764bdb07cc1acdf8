"""How a framework is observed: by impulses (``probe``), in a child (``worker``) that is minded (``supervisor``)."""
