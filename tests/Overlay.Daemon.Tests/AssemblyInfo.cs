// Some tests set environment variables, which the whole process shares.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
