using Overlay.Fuzzing.Targets;

namespace Overlay.Fuzzing.Leases;

/// <summary>All that a store, a peer's lease and the files beside them are read by.</summary>
/// <remarks>Input: a byte that chooses the reader, then what it reads.</remarks>
internal sealed class LeaseTarget : IFuzzTarget, IDisposable
{
    private readonly EtcdReading _etcd = new();
    private readonly KubernetesReading _kubernetes = new();
    private readonly SubnetFileReading _subnetFile = new();

    public string Name => "lease";

    public IEnumerable<Seed> Seeds => LeaseSeeds.All();

    public void Execute(ReadOnlySpan<byte> input)
    {
        FuzzInput rest = new(input);
        switch ((LeaseReader)(rest.Byte() % (int)LeaseReader.Count))
        {
            case LeaseReader.LeaseFile:
                LeaseFileReading.Run(rest.Rest);
                break;
            case LeaseReader.NetConf:
                NetConfReading.Run(rest.Rest);
                break;
            case LeaseReader.SubnetFile:
                _subnetFile.Run(rest.Rest);
                break;
            case LeaseReader.EtcdKey:
                _etcd.ReadKey(rest.Until(0), rest.Rest);
                break;
            case LeaseReader.EtcdMessage:
                _etcd.ReadMessages(rest.Rest);
                break;
            case LeaseReader.KubernetesList:
                _kubernetes.ReadStream(rest.Rest, isList: true);
                break;
            default:
                _kubernetes.ReadStream(rest.Rest, isList: false);
                break;
        }
    }

    public void Dispose() => _subnetFile.Dispose();
}

/// <summary>The readers, by the first byte of an input.</summary>
internal enum LeaseReader
{
    /// <summary>A file of the lease directory.</summary>
    LeaseFile,

    /// <summary>net-conf.json, as a file and in etcd.</summary>
    NetConf,

    /// <summary>subnet.env.</summary>
    SubnetFile,

    /// <summary>The end of a key in etcd, a zero byte, and the value.</summary>
    EtcdKey,

    /// <summary>Messages of a watch of etcd, each behind its length in two bytes.</summary>
    EtcdMessage,

    /// <summary>The answer to a list of Nodes.</summary>
    KubernetesList,

    /// <summary>Events of a watch of Nodes.</summary>
    KubernetesWatch,

    /// <summary>The number of readers.</summary>
    Count,
}
