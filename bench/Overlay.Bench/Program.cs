using Overlay.Bench.Micro;
using Overlay.Bench.Rig;
using Overlay.Bench.Rig.Traffic;

// Two programs in one: micro-benchmarks of the packet path, and the rig that sets the daemon beside its peers.

return args switch
{
    ["micro", ..] => MicroCommand.Run(args[1..]),
    ["rig", ..] => RigCommand.Run(args[1..]),
    [var program, ..] when TrafficPrograms.Contains(program) =>
        TrafficPrograms.Run(program, args[1..]),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("""
        usage: bench/run.sh micro [--quick] [BenchmarkDotNet options]
               bench/run.sh rig [--peers a,b] [--workloads a,b] [--columns a,b] [--runs N] [--seconds N]
                                [--json FILE] [--svg FILE] [--beside-load]
               bench/run.sh rig --workloads converge [--peers overlay-file,overlay-etcd,overlay-kubernetes] ...
        """);
    return 2;
}
