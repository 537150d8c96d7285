using System.Text.Json;
using Overlay.Cni.Configuration;
using Overlay.Cni.Delegation;
using Overlay.Cni.Protocol;
using Overlay.Pods.Allocations;
using Overlay.Pods.Ranges;
using Overlay.Wire.Values;

namespace Overlay.Cni.Commands;

/// <summary>Addresses of one attachment, from our own IPAM or from another plugin.</summary>
/// <param name="configuration">Of the network.</param>
/// <param name="environment">Of the attachment.</param>
internal sealed class PodIpam(NetworkConfiguration configuration, CniEnvironment environment)
{
    private AddressStore Store => new(configuration.Ipam.DataDirectory, configuration.Name);

    /// <returns>Addresses, routes and name resolution, without interfaces.</returns>
    /// <exception cref="CniException">No address; then nothing is held, also not by the other plugin.</exception>
    public CniResult Add(PodPlan plan)
    {
        if (!configuration.Ipam.IsOwn) return AddByPlugin();

        // Before any address is taken, for it may fail.
        CniDns dns = ResolvConf.Read(configuration.Ipam.ResolvConf);
        try
        {
            AddressAllocator allocator = new(Store, plan.RangeSets);
            List<CniAddress> addresses = [];
            foreach (PodAddress given in allocator.Allocate(
                environment.ContainerId, environment.InterfaceName, configuration.Ipam.Requested))
                addresses.Add(new(given.Address, given.PrefixLength, given.Gateway, null));
            return new() { Addresses = addresses, Routes = plan.Routes, Dns = dns };
        }
        catch (IpamException exception)
        {
            throw new CniException(CniErrorCode.NoAddress, exception.Message);
        }
    }

    /// <summary>Frees what the attachment has; nothing there is a success.</summary>
    public void Delete()
    {
        if (configuration.Ipam.IsOwn)
            AddressAllocator.Release(Store, environment.ContainerId, environment.InterfaceName);
        else _ = Plugin().Run("DEL", configuration.Text);
    }

    /// <summary>The addresses that the attachment has from our own IPAM.</summary>
    public IReadOnlyList<IpAddress> Held()
    {
        List<IpAddress> held = [];
        foreach (AddressHolder holder in Store.Holders())
        {
            if (holder.Is(environment.ContainerId, environment.InterfaceName)) held.Add(holder.Address);
        }

        return held;
    }

    /// <exception cref="CniException">An address of the result is not held by this attachment.</exception>
    public void Check(IReadOnlyList<CniAddress> addresses)
    {
        if (!configuration.Ipam.IsOwn)
        {
            _ = Plugin().Run("CHECK", configuration.Text);
            return;
        }

        IReadOnlyList<IpAddress> held = Held();
        foreach (CniAddress address in addresses)
        {
            if (!held.Contains(address.Address))
            {
                throw new CniException(
                    CniErrorCode.Differs,
                    $"{address.Address} is not allocated to {environment.ContainerId} {environment.InterfaceName} in "
                    + $"{Store.Directory}");
            }
        }
    }

    /// <exception cref="CniException">
    /// Code 50: the next pod would get no address; or what the other plugin says.
    /// </exception>
    public void Status(PodPlan plan)
    {
        if (!configuration.Ipam.IsOwn) _ = Plugin().Run("STATUS", configuration.Text);
        else if (new AddressAllocator(Store, plan.RangeSets).Exhaustion() is { } reason)
            throw new CniException(CniErrorCode.NotAvailable, reason);
    }

    private CniResult AddByPlugin()
    {
        DelegatePlugin plugin = Plugin();
        try
        {
            string answer = plugin.Run("ADD", configuration.Text);
            using JsonDocument document = JsonDocument.Parse(answer);
            CniResult result = CniResultReader.Read(document.RootElement, $"answer of {configuration.Ipam.Type}: ");
            return result.Addresses.Count > 0
                ? result
                : throw new CniException(
                    CniErrorCode.Delegate, $"{configuration.Ipam.Type} has given no address", answer.Trim());
        }
        catch (Exception exception) when (exception is CniException or JsonException)
        {
            CniException error = exception as CniException
                ?? new CniException(
                    CniErrorCode.Delegate, $"{configuration.Ipam.Type} has answered no JSON: {exception.Message}");

            // The specification: who fails at ADD is told to DEL, for it may hold something.
            try
            {
                _ = plugin.Run("DEL", configuration.Text);
            }
            catch (CniException undo)
            {
                throw new CniException(error.Code, error.Message, $"{error.Details} {undo.Message}".Trim());
            }

            throw error;
        }
    }

    private DelegatePlugin Plugin() => DelegatePlugin.Find(configuration.Ipam.Type, environment.PluginDirectories);
}
