// Each test looks at the memory and the descriptors of this process.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
