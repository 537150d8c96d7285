using System.Buffers.Binary;
using Overlay.Dataplane.Ebpf.Maps;
using Overlay.Dataplane.Forwarding;
using Overlay.Host.Interop;

namespace Overlay.Dataplane.Ebpf.Mirroring;

/// <summary>The value of map ov_cfg, which table, underlay and life cycle make together. Any thread may call.</summary>
internal sealed class TierConfig(TypedMap<uint, ConfigEntry> map, int tunIndex)
{
    private readonly Lock _changing = new();
    private ConfigEntry _entry = new() { Abi = ConfigEntry.CurrentAbi, TunIndex = tunIndex };
    private LocalEndpoint? _local;
    private bool _isWritten;

    /// <summary>As it was written last.</summary>
    public ConfigEntry Current
    {
        get
        {
            lock (_changing) return _entry;
        }
    }

    /// <summary>This node's own end of the tunnels; without it no program takes a packet.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public void SetLocal(LocalEndpoint? local)
    {
        lock (_changing)
        {
            _local = local;
            Write(_entry);
        }
    }

    /// <summary>Changes what no table has; the switch of forwarding is not the caller's.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public void Change(Func<ConfigEntry, ConfigEntry> change)
    {
        lock (_changing)
        {
            ConfigEntry next = change(_entry);

            // An adopted map goes on as it is until its table has come.
            if (_local is null && !_isWritten) _entry = next;
            else Write(next);
        }
    }

    private void Write(ConfigEntry next)
    {
        next.Switches &= ~TierSwitches.Forward;
        if (_local is { } local)
        {
            next.Switches |= TierSwitches.Forward;
            next.UnderlayIndex = local.UnderlayIndex;
            next.Vni = local.Vtep.Vni.Value;
            next.Port = BitConverter.IsLittleEndian
                ? BinaryPrimitives.ReverseEndianness(local.Vtep.Port)
                : local.Vtep.Port;
            next.Mac = MacBytes.Of(local.Vtep.Mac);
            next.MacV6 = MacBytes.Of(local.Vtep.MacV6);
        }

        if (_isWritten && next == _entry) return;
        _isWritten = false;
        map.Update(0, next);
        _entry = next;
        _isWritten = true;
    }
}
