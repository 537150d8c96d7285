using SharpFuzz;

namespace Overlay.Fuzzing.Running;

/// <summary>Has the product's assemblies report which branches they take.</summary>
internal static class Instrumentation
{
    private static readonly string[] _assemblies =
    [
        "Overlay.Wire", "Overlay.Host", "Overlay.Dataplane", "Overlay.Dataplane.Linux", "Overlay.ControlPlane",
        "Overlay.Pods", "overlay", "overlayd", "overlayctl",
    ];

    /// <summary>Rewrites the assemblies in a copy of this program's directory; once.</summary>
    /// <exception cref="InstrumentationException">They are instrumented already.</exception>
    public static void Apply(string directory)
    {
        foreach (string assembly in _assemblies)
        {
            string path = Path.Combine(directory, $"{assembly}.dll");
            int types = Fuzzer.Instrument(path, static _ => true, Options.Value).Count();
            Console.WriteLine($"{assembly}: {types} types");
        }
    }
}
