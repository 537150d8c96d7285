// Network namespaces and sysctls are made and removed all the time: one after the other is easier to follow.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
