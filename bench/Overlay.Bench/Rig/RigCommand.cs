namespace Overlay.Bench.Rig;

internal static class RigCommand
{
    public static int Run(string[] args) => args.Length;
}
