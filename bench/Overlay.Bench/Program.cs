// Two programs in one: micro-benchmarks of the packet path, and the rig that sets the daemon beside its peers.

return args switch
{
    ["micro", ..] => Overlay.Bench.Micro.MicroCommand.Run(args[1..]),
    ["rig", ..] => Overlay.Bench.Rig.RigCommand.Run(args[1..]),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("""
        usage: bench/run.sh micro [--quick] [BenchmarkDotNet options]
               bench/run.sh rig [--peers a,b] [--workloads a,b] [--runs N] [--json FILE]
        """);
    return 2;
}
