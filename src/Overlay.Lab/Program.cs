using Overlay.Lab;
using Overlay.Lab.Demo;
using Overlay.Lab.Namespaces;
using Overlay.Lab.Processes;
using Overlay.Lab.Topology;
using Overlay.Lab.Vxlan;

return args switch
{
    ["demo"] => Demo.Run(keep: false),
    ["demo", "--keep"] => Demo.Run(keep: true),
    ["clean"] => Clean(),
    ["up", ..] => Up(args[1..]),
    _ => Usage(),
};

static int Clean()
{
    foreach (string lab in Leftovers.Remove(includingKept: true))
    {
        Console.WriteLine($"removed {lab}");
    }

    return 0;
}

// Nodes joined by kernel VXLAN until Ctrl-C: something to compare with, and to crash in tests.
static int Up(string[] arguments)
{
    string name = arguments.Length > 0 ? arguments[0] : "up";
    using LabNetwork lab = LabNetwork.Create(new LabOptions { Name = name });
    lab.UseKernelVxlan();
    Console.WriteLine($"up: {string.Join(' ', lab.Pods.Select(pod => pod.Namespace))}");
    Interruption.Token.WaitHandle.WaitOne();
    return 0;
}

static int Usage()
{
    Console.Error.WriteLine("""
        usage: Overlay.Lab demo [--keep]   two nodes, two pods each, and the proof that they reach each other
               Overlay.Lab up [NAME]       two nodes joined by kernel VXLAN, until Ctrl-C
               Overlay.Lab clean           removes what crashed labs and kept demos left
        """);
    return 2;
}
