"""What the made-up market speaks with: names, products, subjects, and the patterns of its sentences.

All of it is invented for this project. A pattern's gaps are named after the lists that fill them; those of a company
(`product`, `line`, `base`) and of a date (`period`) are filled by the caller.
"""

from __future__ import annotations


def _words(text: str) -> list[str]:
    return text.split()


# Names

PLACES = _words("""
    北京 上海 深圳 广州 杭州 苏州 南京 无锡 常州 宁波 合肥 武汉 长沙 成都 重庆 西安 郑州 济南 青岛 厦门
    福州 南昌 天津 大连 沈阳 长春 石家庄 太原 昆明 贵阳 南宁 海口 东莞 佛山 珠海 中山 惠州 绍兴 嘉兴
    温州
""")
# Characters of proper names, the commoner first; rare ones are what a search for one character looks for.
NAME_CHARACTERS = (
    "华中新天海东方金科安信盛源恒泰瑞宏达远嘉德润博佳汇众康和丰创智联通利百川国兴正元光明江南星云腾飞启航鼎晟浩宇锦辰景昊"
    "睿昌凯越卓航铭诚毅朗逸霖峰岭岩松柏桐槐榆枫荷兰竹菊梅澄澜泓湛沅漪潇湘淇沁洛渭泾淮鸿鹏鹤鹭雁隼骏骥骐麒麟璟瑜瑾瑶琅琨"
    "珩珞珺琛琪瑄璇玥砚硕磐砺砾朔擎擘屿岚岱峻嵘巍崇峦衡枢枥栩楷棠榕樾檀翎翊翰翮翱煜烨焱熠燊炀曜昱晔晗晖暄"
)
BUSINESSES = _words("""
    科技 电子 医药 新材 股份 能源 智能 装备 软件 数据 生物 环保 食品 化工 机械 光电 通信 汽车 电气 精密
    信息 材料 医疗 重工 传媒 物流 家居 纺织 农业 水务 航空 船舶 建材 矿业 半导体 仪器 电源 网络 教育
    包装
""")
# Endings of institutions' names, how many of a hundred bear them, and their type as the directory knows it.
INSTITUTIONS = (
    ("基金", 16, "mutual-fund"),
    ("证券", 15, "securities"),
    ("证券资管", 4, "securities-am"),
    ("私募", 10, "private-fund"),
    ("投资", 13, "private-fund"),
    ("资本", 9, "private-fund"),
    ("资产", 9, "private-fund"),
    ("人寿", 3, "insurance"),
    ("保险资管", 2, "insurance"),
    ("银行", 2, "bank"),
    ("理财", 2, "bank"),
    ("信托", 3, "trust"),
    ("期货", 1, "futures"),
    (" Capital", 4, "foreign"),
    (" Partners", 2, "foreign"),
    ("养老", 1, "pension"),
    ("集团", 2, "corporate"),
    ("财经", 2, "media"),
)
LATIN = _words("""
    Kestrel Marlowe Pinecrest Halden Ostrava Bellwether Corvane Dunmore Eastgate Fenwick Glenrock
    Harborne Ivory Juniper Kingsway Larkfield Meridian Northolt Oakhurst Penrose Quarry Ravenel
    Silverton Thornbury Umber Valmont Westbrook Yarrow Zephyr Ashdown
""")
SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范"
    "金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
TITLES = _words("研究员 基金经理 分析师 首席分析师 投资经理 总监 合伙人")
HOST_TITLES = _words("董事会秘书 证券事务代表 财务总监 总经理 副总经理 董事长")
VENUES = _words("""
    公司会议室 公司总部三楼会议室 线上会议 电话会议 某财经直播平台 公司展厅及生产车间 某酒店会议厅
    某路演平台
""")
OTHER_ACTIVITIES = _words("券商策略会 反路演 投资者接待日 产业交流会")

# Products: kind and thing; a company has a few of its own.

KINDS = _words("""
    高端 车规级 工业级 新型 智能 高精度 微型 大功率 低功耗 一体化 柔性 国产化 特种 高纯 耐高温 轻量化
    模块化 分布式 便携式 数字化 低温 高压 宽带 可降解 生物基 超薄 无线 复合 医用 车载 船用 航空级 食品级
    电子级 光学级 军民两用 高频 全固态 液冷 自研
""")
THINGS = _words("""
    芯片 传感器 电机 控制器 电源 逆变器 储能系统 电池材料 隔膜 电解液 正极材料 负极材料 结构件 连接器
    线缆 光模块 激光器 镜头 显示模组 触控屏 电路板 覆铜板 功率器件 存储模组 射频器件 轴承 减速器 丝杠
    阀门 泵 压缩机 换热器 风机 机床 刀具 模具 机器人 检测设备 清洗设备 涂布设备 光伏组件 硅片 支架
    风电叶片 塔筒 铸件 变压器 开关柜 电表 充电桩 制剂 原料药 疫苗 试剂 医疗器械 中间体 农药 化肥 饲料
    种子 乳制品 调味品 饮料 白酒 预制菜 包装材料 薄膜 涂料 胶黏剂 纤维 面料 家具 卫浴 厨电 空调部件 座椅
    车灯 轮胎 底盘件 转向系统 制动系统 线束 域控制器 数据平台 行业软件 云服务 语料库 安全产品 信创整机
    视频终端 卫星载荷 导航终端 雷达组件 水处理膜 环保设备 特种气体 光刻胶 靶材 抛光液 石英制品 碳纤维
    钛合金 铝合金 铜箔 磁性材料 稀土材料
""")

# Subjects: name, slug, words of which one stands in every question about it. The commonest comes first.

SUBJECTS = tuple(
    (name, slug, tuple(words.split()))
    for name, slug, words in (
        ("经营业绩", "results", "经营业绩 营业收入 净利润 业绩增长 扣非净利润"),
        ("订单", "orders", "在手订单 新签订单 订单储备 订单交付"),
        ("产能", "capacity", "产能利用率 产能爬坡 扩产 产能布局"),
        ("毛利率", "gross-margin", "毛利率 盈利能力 综合毛利率"),
        ("研发投入", "research", "研发投入 研发费用 核心技术 研发团队"),
        ("境外业务", "overseas", "境外业务 海外市场 出口 境外收入 境外子公司"),
        ("新产品", "new-products", "新产品 产品迭代 新品推广 产品线"),
        ("客户", "customers", "大客户 客户结构 客户认证 前五大客户"),
        ("行业竞争", "competition", "行业竞争 竞争格局 竞争优势 市场份额"),
        ("原材料", "materials", "原材料价格 上游采购 原材料成本"),
        ("募投项目", "projects", "募投项目 募集资金 在建项目"),
        ("未来规划", "plans", "发展规划 战略规划 经营目标 中长期规划"),
        ("分红", "dividends", "现金分红 分红政策 股东回报 利润分配"),
        ("人工智能", "ai", "人工智能 智能体 AI应用 算力"),
        ("大模型", "models", "大模型 多模态 模型训练"),
        ("新能源汽车", "vehicles", "新能源汽车 整车厂 智能驾驶 车企"),
        ("储能", "storage", "储能 工商业储能 户用储能"),
        ("光伏", "solar", "光伏 装机量 组件价格"),
        ("半导体", "semiconductors", "半导体 晶圆 国产替代 先进封装"),
        ("机器人", "robots", "人形机器人 工业机器人 机器人关节"),
        ("费用", "expenses", "销售费用 管理费用 期间费用率"),
        ("现金流", "cash-flow", "经营性现金流 回款 应收账款"),
        ("存货", "inventory", "存货 库存水平 存货跌价"),
        ("股权激励", "incentives", "股权激励 员工持股计划 业绩考核"),
        ("并购", "mergers", "并购 收购标的 外延式发展 整合"),
        ("回购", "buy-back", "股份回购 回购方案"),
        ("减持", "sales-of-shares", "股东减持 大股东质押 限售股解禁"),
        ("再融资", "refinancing", "再融资 可转债 定向增发"),
        ("汇率", "exchange-rates", "汇率波动 汇兑损益 外汇套期"),
        ("关税", "tariffs", "关税 贸易摩擦 原产地"),
        ("供应链", "supply", "供应链安全 供应商 物流成本"),
        ("定价", "prices", "产品价格 调价 定价机制"),
        ("季节性", "seasons", "季节性 淡旺季"),
        ("数字化", "digital", "数字化转型 智能工厂 信息系统"),
        ("人才", "people", "人才引进 员工人数 核心人员"),
        ("环境与治理", "esg", "ESG 碳排放 双碳 绿色工厂"),
        ("市值管理", "market-value", "市值管理 股价表现 估值"),
        ("子公司", "subsidiaries", "子公司 控股子公司 分拆上市"),
        ("质量", "quality", "产品质量 良率 质量体系"),
        ("专利", "patents", "专利 知识产权 技术壁垒"),
        ("集采", "procurement", "集采 带量采购 中标价格"),
        ("医药研发", "drugs", "临床试验 在研管线 药品注册"),
        ("消费", "consumption", "终端消费 线下渠道 动销"),
        ("电商", "e-commerce", "电商 直播 线上渠道"),
        ("军工", "defence", "军工 军品 型号批产"),
        ("低空经济", "low-altitude", "低空经济 飞行器 适航"),
        ("商业航天", "space", "商业航天 卫星互联网 火箭"),
        ("数据要素", "data-assets", "数据要素 数据资产 数据确权"),
        ("信创", "domestic-it", "信创 国产化替代 适配认证"),
        ("风电", "wind", "风电 海上风电 风机大型化"),
        ("氢能", "hydrogen", "氢能 电解槽 燃料电池"),
        ("固态电池", "solid-state", "固态电池 半固态 电解质"),
        ("钙钛矿", "perovskite", "钙钛矿 叠层电池"),
        ("量子", "quantum", "量子计算 量子通信"),
        ("脑机接口", "brain-computer", "脑机接口 神经调控"),
        ("可控核聚变", "fusion", "可控核聚变 超导磁体"),
        ("土地", "land", "土地收储 厂房搬迁"),
        ("诉讼", "lawsuits", "诉讼 仲裁 立案调查"),
        ("更名", "renaming", "证券简称变更 更名"),
        ("转板", "change-of-board", "转板 北交所转板"),
    )
)

# Sentences. A gap in braces is filled from the list of its name.

FILLERS: dict[str, list[str]] = {
    "ask": _words("请问 请介绍一下 想了解 请教一下 请问公司 能否介绍 请问贵公司 麻烦介绍一下"),
    "how": _words("""
        情况如何？ 有何进展？ 后续怎么看？ 是否会有变化？ 的主要驱动因素是什么？ 有哪些规划？
        对公司影响大吗？ 怎么展望？ 能否持续？ 目前处于什么水平？ 与同行相比有何优势？ 预计何时见效？
    """),
    "trend": _words("""
        稳步增长 有所提升 保持稳定 略有下降 明显改善 小幅回落 持续优化 快速放量 逐步恢复 符合预期
    """),
    "metric": _words("""
        营业收入 毛利率 净利润 出货量 产能利用率 研发费用 新签合同额 回款 存货周转 单位成本 人均产出
        市场占有率
    """),
    "region": _words("华东 华南 华北 西南 西北 东北 华中 东南亚 欧洲 北美 中东 日韩 南美 非洲"),
    "because": _words("""
        下游需求回暖 产品结构调整 原材料价格下行 规模效应显现 新客户导入 去年同期基数较低 行业竞争加剧
        汇率变动 新产线转固 项目验收节奏 渠道补库 技术改造完成
    """),
    "do": _words("""
        加大研发投入 优化产品结构 拓展境外渠道 推进降本增效 完善质量体系 加强应收账款管理 引进专业人才
        深化与重点客户的合作 加快产线自动化改造 严格控制各项费用 布局下一代技术 建设本地化服务网点
    """),
    "stage": _words("""
        小批量供货 送样验证 批量交付 客户认证 中试 设备调试 方案论证 规模化应用 现场试运行 第二轮测试
    """),
    "caution": _words("""
        具体数据请以公司披露的定期报告为准 敬请投资者注意投资风险 公司将按规定及时履行信息披露义务
        相关进展请关注公司后续公告 最终以审计结果为准 该事项尚存在不确定性
    """),
    "certainly": _words("""
        总体来看 从目前情况看 据公司了解 整体而言 与此同时 此外 一方面 具体来说 需要说明的是 展望后续
        在此基础上 从行业角度看
    """),
}
QUESTIONS = (
    "{ask}{word}{how}",
    "{ask}{period}{word}{how}",
    "{ask}公司{product}的{word}{how}",
    "{ask}{line}{word}{how}",
    "{period}公司{product}在{region}的{word}{how}",
    "公司怎么看待{word}？{product}{how}",
    "{word}方面，{product}{how}",
    "我们注意到{period}{metric}{trend}，{word}{how}",
    "{product}的{stage}到了哪一步？对{word}有何影响？",
)
# What anybody asks about nothing in particular; no subject's word stands in these.
SMALL_TALK = (
    "{ask}{product}{how}",
    "{ask}{period}{line}的整体安排{how}",
    "{product}在{region}的推广{how}",
    "{base}的建设{how}",
    "公司管理层如何看待{period}的整体环境？{product}{how}",
)
ANSWERS = (
    "{period}，公司{word}{trend}，主要原因是{because}。",
    "{certainly}，{product}业务{trend}，{metric}同比变动约{number}%，其中{region}地区贡献较大。",
    "公司高度重视{word}，将继续{do}。",
    "{certainly}，{word}相关工作正在有序推进，{product}已进入{stage}阶段。",
    "{line}{period}实现收入{amount}元，占比约{number}%，{metric}{trend}。",
    "受{because}影响，{metric}{trend}，公司将{do}，努力实现高质量发展。",
    "{base}一期已经投产，二期目前处于{stage}阶段，预计{period}后逐步释放。",
    "{product}主要面向{region}客户，目前{count}家客户处于{stage}阶段，整体{trend}。",
    "后续公司会结合市场情况{do}，并{do}。",
    "{caution}。",
    "{certainly}，{because}对公司{metric}有一定影响，但{product}的{metric}{trend}。",
    "感谢您的关注！{word}方面，公司{do}，{caution}。",
    "与同行相比，{line}在{region}市场起步较早，{product}的性能指标已经达到客户要求，{metric}{trend}。",
    "公司现有员工{count}0余人，其中研发人员占比约{number}%，{period}将继续{do}。",
)
INTRODUCTION = (
    "公司{host}对{period}的经营情况作了介绍：{period}，公司实现营业收入{amount}元，{metric}{trend}；{product}{trend}。"
    "随后与参会人员就以下问题进行了交流。"
)
CLOSING = "本次活动不涉及应披露重大信息，{caution}。"
