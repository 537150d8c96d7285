using Microsoft.Extensions.Logging;
using Overlay.Daemon.CniInstall;
using Overlay.Daemon.Lifecycle;
using Overlay.Daemon.Options;

namespace Overlay.Daemon.Removal;

/// <summary>
/// Takes overlay off a node for good, once its daemon has stopped: all that is kept for a next start, and what the CNI
/// plugin has made for pods.
/// </summary>
/// <remarks>
/// With pods on the bridge, plugin, bridge and records stay: runtimes delete pods by them. Another overlayd's part of
/// this host stays.
/// </remarks>
internal sealed class NodeRemoval(OverlayOptions options, ILoggerFactory loggers)
{
    private readonly ILogger _logger = loggers.CreateLogger<NodeRemoval>();
    private readonly List<string> _left = [];

    /// <summary>Removes what may go, and logs what stays.</summary>
    /// <returns>Nothing stays.</returns>
    /// <exception cref="ConfigurationException">The daemon runs.</exception>
    public bool Run()
    {
        RefuseRunning();
        LeftKernelState kernel = new(options, loggers);
        RemovePods(kernel);
        Try("the eBPF tier", kernel.RemoveTier);
        Try("device and routes", kernel.RemoveDevice);
        Try("the packet filter", () => _left.AddRange(kernel.RemovePacketFilter()));
        RemoveFiles();
        foreach (string left in _left) _logger.Stays(left);
        return _left.Count == 0;
    }

    private void RefuseRunning()
    {
        if (RunningDaemon.AnswersOn(options.AdminSocket))
            throw new ConfigurationException(
                $"Overlay:Admin:Socket '{options.AdminSocket}' is answered by an overlayd that runs, which would make "
                + "all anew; example: systemctl stop overlayd, or kubectl -n overlay delete daemonset overlay");
    }

    // A flannel that has taken the node over goes on with bridge, addresses and subnet file.
    private void RemovePods(LeftKernelState kernel)
    {
        if (kernel.HasFlannel) return;
        string? pods = null;
        Try("the bridge of the pods", () => pods = kernel.RemoveBridge());
        if (pods is not null)
        {
            _left.Add($"{pods}: plugin, bridge and addresses stay until they are deleted");
            return;
        }

        RemovePluginState();
        Try(options.SubnetFile, () => Delete(options.SubnetFile));
    }

    private void RemovePluginState()
    {
        CniInstallOptions cni = options.CniInstall;
        bool isGone = false;
        Try("the CNI plugin", () => isGone = new CniInstaller(cni, loggers.CreateLogger<CniInstaller>()).Remove());
        if (!isGone)
        {
            _left.Add(
                $"the CNI plugin in {cni.BinDirectory} with its records, for a configuration in {cni.ConfigDirectory} "
                + "calls it");
            return;
        }

        Try("records of pods", () => Clear(cni.StateDirectory));
        Try("addresses of pods", () => Clear(LeftFiles.AllocationsOf(cni)));
    }

    private void RemoveFiles()
    {
        foreach (string file in LeftFiles.Of(options)) Try(file, () => Delete(file));
        foreach (string directory in LeftFiles.DirectoriesOf(options))
            Try(directory, () => RemoveEmpty(directory));
    }

    private void Delete(string file)
    {
        if (!File.Exists(file)) return;
        File.Delete(file);
        _logger.Removed(file);
    }

    private void Clear(string directory)
    {
        if (!Directory.Exists(directory)) return;
        foreach (string file in Directory.EnumerateFiles(directory)) File.Delete(file);
        _logger.Removed($"{directory}/*");
        RemoveEmpty(directory);
    }

    // A directory that a container has mounted cannot go, and an empty one is nobody's burden.
    private void RemoveEmpty(string directory)
    {
        if (!Directory.Exists(directory) || Directory.EnumerateFileSystemEntries(directory).Any()) return;
        try
        {
            Directory.Delete(directory);
        }
        catch (IOException busy)
        {
            _logger.EmptyDirectoryStays(directory, busy.Message);
        }
    }

    private void Try(string what, Action step)
    {
        try
        {
            step();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            _left.Add($"{what}: {exception.Message}");
        }
    }
}
