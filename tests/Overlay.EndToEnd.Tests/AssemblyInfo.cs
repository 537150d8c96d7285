// Each test loads the machine with several nodes; two at once would measure each other.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
