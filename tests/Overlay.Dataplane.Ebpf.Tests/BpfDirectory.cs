using System.Diagnostics;
using Overlay.Testing;

namespace Overlay.Dataplane.Ebpf.Tests;

/// <summary>A bpffs of the test's own.</summary>
internal sealed class BpfDirectory : IDisposable
{
    private readonly TempDirectory _directory = new();

    public BpfDirectory() => _directory.Guard(() => Run("mount", "-t", "bpf", "bpf", _directory.Path));

    public string Path => _directory.Path;

    public void Dispose()
    {
        Run("umount", _directory.Path);
        _directory.Dispose();
    }

    private static void Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(program, arguments);
        process.WaitForExit();
        process.ExitCode.ShouldBe(0, $"{program} {string.Join(' ', arguments)}");
    }
}
