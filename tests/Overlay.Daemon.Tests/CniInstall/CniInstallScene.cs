using Overlay.Daemon.CniInstall;
using Overlay.Daemon.Options;
using Overlay.Testing;

namespace Overlay.Daemon.Tests;

/// <summary>An installer with directories of its own.</summary>
public abstract class CniInstallScene : IDisposable
{
    // Two versions of a program that starts: one that a test writes itself may still be open in a child of another
    // test.
    protected const string First = "/bin/true";
    protected const string Second = "/bin/echo";

    // Debian's, of 2022: it knows no CNI 1.1.0.
    protected const string ReferencePortmap = "/usr/lib/cni/portmap";

    private readonly TempDirectory _directory = new();

    protected CniInstallScene()
    {
        Options = new CniInstallOptions
        {
            Enabled = true,
            BinDirectory = _directory["bin"],
            ConfigDirectory = _directory["net.d"],
            Source = _directory["overlay"],
            RemoveAtStop = false,
            SubnetFile = "/run/flannel/subnet.env",
            StateDirectory = "/var/lib/cni/overlay",
            AdminSocket = "/run/overlay/overlayd.sock",
        };
        UseSource(First);
        Installer = new CniInstaller(Options, Logger);
    }

    private protected CollectingLogger<CniInstaller> Logger { get; } = new();

    private protected CniInstallOptions Options { get; }

    private protected CniInstaller Installer { get; }

    protected string Plugin => Path.Combine(Options.BinDirectory, "overlay");

    protected string Loopback => Path.Combine(Options.BinDirectory, "loopback");

    protected string Portmap => Path.Combine(Options.BinDirectory, "portmap");

    protected string Conflist => Path.Combine(Options.ConfigDirectory, "10-overlay.conflist");

    public void Dispose()
    {
        _directory.Dispose();
        GC.SuppressFinalize(this);
    }

    protected void UseSource(string program)
    {
        File.Delete(Options.Source);
        _ = File.CreateSymbolicLink(Options.Source, program);
    }

    protected void UsePortmap(string program)
    {
        _ = Directory.CreateDirectory(Options.BinDirectory);
        _ = File.CreateSymbolicLink(Portmap, program);
    }
}
