using Overlay.Fuzzing.Targets;

namespace Overlay.Fuzzing.Running;

/// <summary>Runs inputs once each.</summary>
internal static class Replay
{
    /// <param name="target">Runs them.</param>
    /// <param name="inputs">The inputs.</param>
    /// <param name="output">Gets each that fails, with the fault.</param>
    /// <returns>True where none fails.</returns>
    public static bool Run(IFuzzTarget target, IReadOnlyList<Seed> inputs, TextWriter output)
    {
        int failed = 0;
        foreach (Seed seed in inputs)
        {
            try
            {
                target.Execute(seed.Input);
            }
#pragma warning disable CA1031 // Whatever an input does, the next one is run.
            catch (Exception fault)
#pragma warning restore CA1031
            {
                failed++;
                output.WriteLine($"{seed.Name}: {Convert.ToHexStringLower(seed.Input)}\n{fault}");
            }
        }

        output.WriteLine($"{target.Name}: {inputs.Count} inputs, {failed} failed");
        return failed == 0;
    }
}
