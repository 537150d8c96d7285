using System.Globalization;
using Overlay.Dataplane.Linux.Handover;

namespace Overlay.Daemon.Handover;

/// <summary>The way this process was started.</summary>
/// <param name="Program">The program's file; null where the kernel does not tell.</param>
/// <param name="Arguments">The arguments, with which a successor is started too.</param>
/// <param name="Descriptors">Open descriptors of a service manager's store, by name (sd_listen_fds(3)).</param>
internal sealed record ProcessStart(
    string? Program, IReadOnlyList<string> Arguments, IReadOnlyList<(string Name, int Descriptor)> Descriptors)
{
    private const int FirstDescriptor = 3;

    /// <summary>A process of which nothing is known.</summary>
    public static ProcessStart Unknown { get; } = new(null, [], []);

    /// <summary>
    /// Reads it, and keeps the descriptors from programs that this process starts. To be called once, before any is
    /// started, and before anything replaces the program's file, whose name the kernel then calls deleted.
    /// </summary>
    /// <exception cref="IOException">A descriptor that the service manager names is not open.</exception>
    public static ProcessStart Read(IReadOnlyList<string> arguments) =>
        new(Environment.ProcessPath, arguments, ReadDescriptors());

    private static IReadOnlyList<(string Name, int Descriptor)> ReadDescriptors()
    {
        (string? process, string? count, string? names) = (Take("LISTEN_PID"), Take("LISTEN_FDS"), Take("LISTEN_FDNAMES"));
        if (process != Environment.ProcessId.ToString(CultureInfo.InvariantCulture)
            || !int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            || names?.Split(':') is not { } all || all.Length != number) return [];
        for (int i = 0; i < number; i++) DescriptorFacts.CloseAtExec(FirstDescriptor + i);
        return [.. all.Select(static (name, i) => (name, FirstDescriptor + i))];
    }

    private static string? Take(string variable)
    {
        string? value = Environment.GetEnvironmentVariable(variable);
        Environment.SetEnvironmentVariable(variable, null);
        return value;
    }
}
